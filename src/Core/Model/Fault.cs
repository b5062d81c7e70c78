namespace Pawl.Model;

/// <summary>Whose turn it is when something failed. Decides retry, exit code and advice; never guessed from text.</summary>
public enum Fault
{
    /// <summary>Network, restart, lock wait: the same thing may work in a moment. Retried with backoff.</summary>
    Transient,
    /// <summary>The other side asks to slow down. Retried with longer backoff.</summary>
    Throttled,
    /// <summary>The job or a setting is wrong. The user's turn.</summary>
    Configuration,
    /// <summary>A right is missing. The administrator's turn; the error names the right.</summary>
    Permission,
    /// <summary>A table, column, key or type is not what the job was planned for.</summary>
    Schema,
    /// <summary>A row cannot be stored as it is.</summary>
    Data,
    /// <summary>The place to go on from is gone (identity changed, log purged, target truncated).</summary>
    PositionLost,
    /// <summary>Another runner owns the job or the lane.</summary>
    Fenced,
    /// <summary>Pawl's own books do not balance or a contract was broken.</summary>
    Bug,
}
