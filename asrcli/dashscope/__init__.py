"""Facts about the service: models, prices, limits of options, endpoints, hot words. Pure."""
