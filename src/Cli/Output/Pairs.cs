namespace Pawl.Cli.Output;

/// <summary>Named values in order, as they appear in JSON.</summary>
public sealed class Pairs : List<KeyValuePair<string, object?>>
{
    public object? this[string name]
    {
        set
        {
            RemoveAll(p => p.Key == name);
            Add(new(name, value));
        }
    }
}
