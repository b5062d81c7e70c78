using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>What TLS checks, and what it shows.</summary>
internal static class MyCertificates
{
    public static SslClientAuthenticationOptions For(MyOptions options, MyTls mode)
    {
        var result = new SslClientAuthenticationOptions
        {
            TargetHost = options.Host,
            // Whoever lists revoked certificates may be out of reach; a server's own authority lists none.
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (mode == MyTls.Required)
        {
#pragma warning disable CA5359 // What "required" says: encrypted, whoever it is. "verify" is the default.
            result.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (options.CaFile is { } file)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
            };
            Load(file, () => policy.CustomTrustStore.ImportFromPemFile(file));
            if (policy.CustomTrustStore.Count == 0) throw new MyRefusedException(MyRefusal.Tls, $"{file}: no certificate in it");
            result.CertificateChainPolicy = policy;
        }
        if (options.CertificateFile is { } own)
        {
            Load(own, () => result.ClientCertificates = [X509Certificate2.CreateFromPemFile(own, options.KeyFile)]);
        }
        return result;
    }

    public static byte[] Bytes(string file)
    {
        byte[] bytes = [];
        Load(file, () => bytes = File.ReadAllBytes(file));
        return bytes;
    }

    private static void Load(string file, Action load)
    {
        try
        {
            load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new MyRefusedException(MyRefusal.Tls, $"{file}: {e.Message}", e);
        }
    }
}
