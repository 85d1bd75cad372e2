"""Tables of people, and of a robot among them, as bags that replay through the node."""
