using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coord.SampleHost.Http;

/// <summary>The serial numbers of revoked client certificates, from a file that is read anew when it changes.</summary>
/// <remarks>
/// As in etcd, the file is the operator's own and trusted as such: its signature is not checked. A file that can no
/// longer be read refuses everybody, because who was revoked is then not known.
/// </remarks>
internal sealed class RevocationList(string path)
{
    private readonly Lock _lock = new();
    private CertificateRevocationListBuilder? _list;
    private DateTime _readAt;

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="CryptographicException">It is not a revocation list.</exception>
    public bool Contains(X509Certificate2 certificate)
    {
        lock (_lock)
        {
            DateTime written = File.GetLastWriteTimeUtc(path);
            if (_list is null || written != _readAt)
                (_list, _readAt) = (Read(), written);

            // The runtime has no reader for these lists but its builder, which tells only what it can remove.
            byte[] serial = certificate.SerialNumberBytes.ToArray();
            if (!_list.RemoveEntry(serial))
                return false;

            _list.AddEntry(serial);
            return true;
        }
    }

    private CertificateRevocationListBuilder Read()
    {
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.AsSpan().StartsWith("-----"u8)
            ? CertificateRevocationListBuilder.LoadPem(File.ReadAllText(path), out BigInteger _)
            : CertificateRevocationListBuilder.Load(bytes, out BigInteger _);
    }
}
