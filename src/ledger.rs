//! RULES: which device uses which channel.
