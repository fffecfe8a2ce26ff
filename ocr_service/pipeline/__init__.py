"""Pure stages from pixels to lines: arrays in, values out. The models come in as ports."""
