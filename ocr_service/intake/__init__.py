"""From a file's bytes to facts about it and to the pixels and text layer of its pages."""
