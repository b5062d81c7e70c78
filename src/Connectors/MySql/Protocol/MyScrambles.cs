using System.Security.Cryptography;
using System.Text;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>How a password is proved without being sent.</summary>
internal static class MyScrambles
{
    public const string Native = "mysql_native_password", CachingSha2 = "caching_sha2_password";

    public const int NonceBytes = 20;

    /// <summary>Smaller keys can be broken, and whoever is in the middle chooses the key.</summary>
    private const int LeastKeyBits = 2048, MostKeyText = 16 << 10;

    /// <summary>
    /// SHA1(password) ^ SHA1(nonce + SHA1(SHA1(password))). The server keeps SHA1(SHA1(password)).
    /// </summary>
#pragma warning disable CA5350 // The protocol's choice, not ours; a server that can do better offers caching_sha2_password.
    public static byte[] ForNative(string? password, ReadOnlySpan<byte> nonce)
    {
        if (string.IsNullOrEmpty(password)) return [];
        var first = SHA1.HashData(Encoding.UTF8.GetBytes(password));
        var mixed = SHA1.HashData([.. nonce, .. SHA1.HashData(first)]);
        return Mix(first, mixed);
    }
#pragma warning restore CA5350

    /// <summary>SHA256(password) ^ SHA256(SHA256(SHA256(password)) + nonce). The server keeps SHA256(SHA256(password)) in memory.</summary>
    public static byte[] ForCachingSha2(string? password, ReadOnlySpan<byte> nonce)
    {
        if (string.IsNullOrEmpty(password)) return [];
        var first = SHA256.HashData(Encoding.UTF8.GetBytes(password));
        var mixed = SHA256.HashData([.. SHA256.HashData(first), .. nonce]);
        return Mix(first, mixed);
    }

    /// <summary>The password under the server's public key: only where there is no TLS.</summary>
    /// <param name="pem">As it came from the wire.</param>
    public static byte[] ForKey(string? password, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> pem)
    {
        if (pem.Length > MostKeyText) throw new MyProtocolException("a public key beyond all measure");
        var secret = Clear(password);
        for (var i = 0; i < secret.Length; i++) secret[i] ^= nonce[i % nonce.Length];
        using var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(Encoding.ASCII.GetString(pem));
            if (rsa.KeySize < LeastKeyBits)
            {
                throw new MyRefusedException(MyRefusal.Login,
                    $"the server's key has {rsa.KeySize} bits; the password is not sent under it");
            }
            return rsa.Encrypt(secret, RSAEncryptionPadding.OaepSHA1);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new MyProtocolException("the server's public key cannot be used", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>The password with the zero that ends it.</summary>
    public static byte[] Clear(string? password) => [.. Encoding.UTF8.GetBytes(password ?? ""), 0];

    private static byte[] Mix(byte[] one, byte[] other)
    {
        for (var i = 0; i < one.Length; i++) one[i] ^= other[i];
        return one;
    }
}
