"""What `asr doctor` looks at, one file for each subject. Each check returns findings and raises nothing."""
