using Pawl.Contracts;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Addresses of test databases.</summary>
internal static class PgFixture
{
    public static Endpoint At(PgServer server, string database, params (string Name, string Value)[] options) => new()
    {
        Scheme = "postgres", Host = "127.0.0.1", Port = server.Port, Path = database, User = "postgres",
        Display = FormattableString.Invariant($"postgres://postgres@127.0.0.1:{server.Port}/{database}"),
        Options = options.ToDictionary(o => o.Name, o => o.Value),
    };
}
