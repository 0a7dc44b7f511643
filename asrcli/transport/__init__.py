"""Network connections: WebSockets and single HTTP requests, proxies, TLS, and the words for their errors."""
