using System.Security.Cryptography;
using System.Text;
using Pawl.Model;

namespace Pawl.Cli.Hosting;

/// <summary>
/// The key that saved connections are sealed with: <c>PAWL_KEY</c>, else a file that only its owner may read, made at first use. Whoever
/// can read the key can read the connections: the file keeps a copied or backed-up store shut, not one whose whole folder was taken.
/// </summary>
internal sealed class StoreKey : IDisposable
{
    public const string Variable = "PAWL_KEY";
    private const int KeyBytes = 32;
    private const string Purpose = "pawl connections 1";
    private readonly byte[] key;

    private StoreKey(byte[] secret)
    {
        key = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, KeyBytes, info: Encoding.UTF8.GetBytes(Purpose));
        Fingerprint = Convert.ToHexStringLower(HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 6,
            info: Encoding.UTF8.GetBytes(Purpose + " fingerprint")));
        CryptographicOperations.ZeroMemory(secret);
    }

    /// <summary>Tells keys apart, and nothing else about them.</summary>
    public string Fingerprint { get; }

    /// <param name="file">Where the key lies when the variable is not set.</param>
    /// <param name="create">Make it when it is not there; the caller holds the store's lock.</param>
    /// <exception cref="PawlException"><see cref="Codes.StoreLocked"/>: there is no key, it is none, or others may read it.</exception>
    public static StoreKey Take(string file, bool create)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } set)
        {
            return new StoreKey(Read(set) ?? throw Locked(file,
                Both($"{Variable} is not 32 bytes in base64 or hex", $"{Variable} 不是 base64 或十六进制的 32 字节")));
        }
        if (!File.Exists(file))
        {
            if (!create) throw Locked(file, Both("the key file is not there", "密钥文件不存在"));
            var fresh = RandomNumberGenerator.GetBytes(KeyBytes);
            DurableFile.Replace(file, Encoding.ASCII.GetBytes(Convert.ToBase64String(fresh) + "\n"));
            return new StoreKey(fresh);
        }
        if (DurableFile.IsOpenToOthers(file)) throw Locked(file, Both($"others may read the key file; close it: chmod 600 {file}",
            $"其他人可以读取密钥文件；请收紧权限：chmod 600 {file}"));
        return new StoreKey(Read(File.ReadAllText(file)) ?? throw Locked(file, Both("the key file does not hold 32 bytes in base64",
            "密钥文件中不是 base64 的 32 字节")));
    }

    public byte[] Seal(byte[] plain, byte[] name)
    {
        var sealedBytes = new byte[AesGcm.NonceByteSizes.MaxSize + plain.Length + AesGcm.TagByteSizes.MaxSize];
        var (nonce, body, tag) = Parts(sealedBytes);
        RandomNumberGenerator.Fill(nonce.Span);
        using var cipher = new AesGcm(key, tag.Length);
        cipher.Encrypt(nonce.Span, plain, body.Span, tag.Span, name);
        return sealedBytes;
    }

    /// <summary>Null when it was not sealed under this key and name, or was changed since.</summary>
    public byte[]? Open(byte[] sealedBytes, byte[] name)
    {
        if (sealedBytes.Length < AesGcm.NonceByteSizes.MaxSize + AesGcm.TagByteSizes.MaxSize) return null;
        var (nonce, body, tag) = Parts(sealedBytes);
        var plain = new byte[body.Length];
        using var cipher = new AesGcm(key, tag.Length);
        try
        {
            cipher.Decrypt(nonce.Span, body.Span, tag.Span, plain, name);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(key);

    private static (Memory<byte> Nonce, Memory<byte> Body, Memory<byte> Tag) Parts(byte[] sealedBytes)
    {
        var (nonce, tag) = (AesGcm.NonceByteSizes.MaxSize, AesGcm.TagByteSizes.MaxSize);
        var all = sealedBytes.AsMemory();
        return (all[..nonce], all[nonce..^tag], all[^tag..]);
    }

    private static byte[]? Read(string text)
    {
        text = text.Trim();
        try
        {
            var bytes = text.Length == 2 * KeyBytes ? Convert.FromHexString(text) : Convert.FromBase64String(text);
            return bytes.Length == KeyBytes ? bytes : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static PawlException Locked(string file, string cause) =>
        new(Fault.Configuration, Codes.StoreLocked, ("cause", cause), ("key_file", file));
}
