"""Dapr's output binding for OSS: the rules of the binding, and two ways to reach it.

`binding` is what both share. `component` offers it to a real Dapr as a pluggable component on a
Unix socket; `http` answers Dapr's own address for bindings where no Dapr is installed. All of it
needs the extra ``mossbox[dapr]`` and works against any OSS.
"""
