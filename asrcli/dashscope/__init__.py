"""What is known of the service: models, prices, limits of options, endpoints, hot words. Pure."""
