using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>An authority of the tests' own, and certificates of it, in a folder of their own.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.UtcNow.AddDays(-30), End = DateTimeOffset.UtcNow.AddDays(30);
    private readonly X509Certificate2 authority;
    private int number;

    public TestCertificates(string folder)
    {
        Folder = folder;
        Directory.CreateDirectory(folder);
        using var key = RSA.Create(2048);
        var request = Request(key, "tests' own authority");
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority = request.CreateSelfSigned(Begin, End);
        File.WriteAllText(CaFile, authority.ExportCertificatePem());
    }

    public string Folder { get; }

    public string CaFile => Path.Combine(Folder, "ca.pem");

    /// <summary>A certificate and its key, in two PEM files.</summary>
    /// <param name="hosts">Names or addresses it is made out to.</param>
    /// <param name="expired">It was valid until yesterday.</param>
    /// <param name="selfSigned">Nobody vouches for it.</param>
    public (string Certificate, string Key) Make(string[] hosts, bool expired = false, bool selfSigned = false)
    {
        using var key = RSA.Create(2048);
        var request = Request(key, hosts[0]);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        }
        request.CertificateExtensions.Add(names.Build());
        var end = expired ? DateTimeOffset.UtcNow.AddDays(-1) : End;
        using var made = selfSigned ? request.CreateSelfSigned(Begin, end) : request.Create(authority, Begin, end, [1, (byte)++number]);
        var name = Path.Combine(Folder, $"{++number}");
        File.WriteAllText(name + ".crt", made.ExportCertificatePem());
        File.WriteAllText(name + ".key", key.ExportRSAPrivateKeyPem());
        return (name + ".crt", name + ".key");
    }

    public void Dispose() => authority.Dispose();

    private static CertificateRequest Request(RSA key, string name) =>
        new($"CN={name.Replace(',', ' ')}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
}
