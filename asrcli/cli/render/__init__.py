"""What commands print: standard output, tables, the level meter, suggestions after a mistake."""
