"""The words of the design as frozen values: values only, no rule, no clock, no I/O."""
