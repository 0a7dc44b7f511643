"""A batch on more than one machine: a Dask cluster runs its inputs, and the ledger stays with the client."""
