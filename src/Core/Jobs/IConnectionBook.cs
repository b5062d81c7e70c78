namespace Pawl.Jobs;

/// <summary>Connections that were saved under a name, so that a job file can say the name in place of an address. Thread-safe.</summary>
public interface IConnectionBook
{
    /// <summary>In name order.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Null when there is none of that name.</summary>
    /// <exception cref="Model.PawlException">What was saved cannot be opened.</exception>
    SavedConnection? Find(string name);
}

/// <summary>A connection as it was saved. Holds a secret: it prints as its name alone. Immutable.</summary>
/// <param name="Name">Letters, digits, <c>_</c> and <c>-</c>.</param>
/// <param name="Address">As it would stand in a job file, without a password in plain text.</param>
/// <param name="Folder">Absolute; where its relative paths start.</param>
/// <param name="Password">Null: none is saved, or the address says where to find it.</param>
public sealed record SavedConnection(string Name, string Address, string Folder, string? Password)
{
    public override string ToString() => Name;
}
