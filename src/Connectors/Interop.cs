// Native calls take only plain values, so they are compiled ahead of time instead of through stubs made at start.
[assembly: System.Runtime.CompilerServices.DisableRuntimeMarshalling]
