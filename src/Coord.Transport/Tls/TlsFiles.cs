using System.Security.Cryptography;

namespace Coord.Transport.Tls;

/// <summary>What is in the files that the options name, at one moment.</summary>
/// <param name="Certificate">The member's certificate.</param>
/// <param name="Key">Its key; null if it is in the same file.</param>
/// <param name="Authorities">The authorities.</param>
/// <param name="Revocations">The revocation lists.</param>
internal sealed record TlsFiles(
    byte[] Certificate, byte[]? Key, IReadOnlyList<byte[]> Authorities, IReadOnlyList<byte[]> Revocations)
{
    /// <summary>Reads the files.</summary>
    /// <exception cref="IOException">One of them cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">One of them may not be read.</exception>
    public static TlsFiles Read(TlsOptions options) => new(
        File.ReadAllBytes(options.CertificateFile),
        options.KeyFile is null ? null : File.ReadAllBytes(options.KeyFile),
        [.. options.TrustedCertificateFiles.Select(File.ReadAllBytes)],
        [.. options.RevocationListFiles.Select(File.ReadAllBytes)]);

    /// <summary>
    /// Returns a digest that differs when any file does. Times of files would not do: some tools swap links.
    /// </summary>
    public string Digest()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (byte[] file in (IEnumerable<byte[]>)[Certificate, Key ?? [], .. Authorities, .. Revocations])
        {
            hash.AppendData(BitConverter.GetBytes(file.Length));
            hash.AppendData(file);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
