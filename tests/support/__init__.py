"""What several tests need: fake services, sources and devices, and checks of transcripts."""
