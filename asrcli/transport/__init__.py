"""The wire itself: dial, send, receive, close."""
