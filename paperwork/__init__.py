"""What several services know about business documents: values, fields, types, checks. Pure."""
