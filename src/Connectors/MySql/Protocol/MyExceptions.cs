namespace Pawl.Connectors.MySql.Protocol;

/// <summary>The server said no. The session goes on, unless <see cref="MyConnection.IsBroken"/> says otherwise.</summary>
/// <param name="number">The server's number, e.g. 1062. https://mariadb.com/kb/en/mariadb-error-code-reference/</param>
/// <param name="sqlState">Five characters; <c>HY000</c> where the server gave none.</param>
/// <param name="message">The server's words; may repeat values of a row.</param>
internal sealed class MyServerException(int number, string sqlState, string message) : Exception(message)
{
    public int Number { get; } = number;

    public string SqlState { get; } = sqlState;
}

/// <summary>
/// The wire said what it may not say: the other side is no MySQL server, a broken one, or a hostile one. The connection is cut.
/// </summary>
internal sealed class MyProtocolException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What this side would not do.</summary>
internal enum MyRefusal
{
    /// <summary>The server wants a login that is not known here, or a password in the clear.</summary>
    Login,
    /// <summary>The server has no TLS, or a file of certificates cannot be used.</summary>
    Tls,
    /// <summary>The statement is longer than the server's max_allowed_packet; nothing was sent.</summary>
    PacketTooLarge,
    /// <summary>An answer that is gathered has more than memory is given to it.</summary>
    TooMuch,
}

/// <summary>This side refused, by its own rules. After those of a statement the session goes on.</summary>
internal sealed class MyRefusedException(MyRefusal refusal, string message, Exception? inner = null) : Exception(message, inner)
{
    public MyRefusal Refusal { get; } = refusal;
}
