namespace Pawl.Model;

/// <summary>
/// Rows as they came off a system's wire, to be handed on undecoded. Made by a source that was asked for the format, understood by the sink
/// that asked. One owner, like its batch; not thread-safe.
/// </summary>
/// <param name="format">What the sink asked for: format, version, and everything that both ends must agree on, such as types.</param>
public abstract class WireImage(string format) : IDisposable
{
    public string Format { get; } = format;

    /// <summary>Size of the rows in bytes.</summary>
    public abstract long Bytes { get; }

    /// <summary>The same rows as columns. Asked for at most once, before the image is disposed.</summary>
    public abstract Column[] Decode();

    /// <summary>Gives the memory back. Twice does nothing.</summary>
    public abstract void Dispose();
}
