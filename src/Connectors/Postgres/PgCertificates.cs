using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Looks at the files of certificates before a connection is tried: the driver's errors about them look like a server that is out of reach,
/// which would be tried again and again.
/// </summary>
internal static class PgCertificates
{
    /// <exception cref="PawlException"><see cref="Codes.OptionInvalid"/> with the option's name and what is wrong.</exception>
    public static void Check(PgOptions at)
    {
        if (at.SslRootCertificate is { } root)
        {
            Try("sslrootcert", root, "a PEM file with at least one certificate", () =>
            {
                var found = new X509Certificate2Collection();
                found.ImportFromPemFile(root);
                return found.Count > 0;
            });
        }
        if (at.SslCertificate is null && at.SslKey is not null) throw Invalid("sslkey", at.SslKey, "sslcert beside it", null);
        if (at.SslCertificate is not { } own) return;
        Try(at.SslKey is null ? "sslcert" : "sslcert, sslkey", at.SslKey is null ? own : $"{own}, {at.SslKey}",
            "a certificate and its private key, both PEM and unencrypted", () =>
            {
                using var pair = X509Certificate2.CreateFromPemFile(own, at.SslKey);
                return pair.HasPrivateKey;
            });
    }

    private static void Try(string option, string file, string expected, Func<bool> look)
    {
        try
        {
            if (!look()) throw Invalid(option, file, expected, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Invalid(option, file, $"{expected} ({e.Message})", e);
        }
    }

    private static PawlException Invalid(string option, string file, string expected, Exception? inner) =>
        new(Fault.Configuration, Codes.OptionInvalid, inner, ("option", option), ("value", file), ("expected", expected));
}
