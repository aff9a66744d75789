using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coord.Transport.Tls;

/// <summary>A certificate revocation list (RFC 5280 §5): which serial numbers of one issuer are void.</summary>
internal sealed class RevocationList
{
    private readonly byte[] _issuer;
    private readonly HashSet<string> _serials;

    private RevocationList(byte[] issuer, HashSet<string> serials)
    {
        _issuer = issuer;
        _serials = serials;
    }

    /// <summary>Reads a list and checks that one of the authorities signed it.</summary>
    /// <exception cref="CryptographicException">It is no list, or nobody trusted signed it.</exception>
    public static RevocationList Read(byte[] file, X509Certificate2Collection authorities)
    {
        try
        {
            return Parse(Decode(file), authorities);
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException("It is no certificate revocation list.", e);
        }
    }

    /// <summary>Tells whether a certificate is on the list.</summary>
    public bool Revokes(X509Certificate2 certificate) =>
        certificate.IssuerName.RawData.AsSpan().SequenceEqual(_issuer)
        && _serials.Contains(Normalize(certificate.SerialNumberBytes.Span));

    private static byte[] Decode(byte[] file)
    {
        string text = System.Text.Encoding.ASCII.GetString(file);
        return PemEncoding.TryFind(text, out PemFields pem) && text[pem.Label] == "X509 CRL"
            ? Convert.FromBase64String(text[pem.Base64Data])
            : file;
    }

    private static RevocationList Parse(byte[] der, X509Certificate2Collection authorities)
    {
        AsnReader list = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        ReadOnlyMemory<byte> signed = list.PeekEncodedValue();
        AsnReader body = list.ReadSequence();
        string algorithm = list.ReadSequence().ReadObjectIdentifier();
        byte[] signature = list.ReadBitString(out _);

        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
            body.ReadInteger(); // The version.
        body.ReadSequence(); // The algorithm once more.
        byte[] issuer = body.ReadEncodedValue().ToArray();
        body.ReadEncodedValue(); // When it was made.
        if (body.HasData && body.PeekTag() is { TagClass: TagClass.Universal } tag && !tag.IsConstructed)
            body.ReadEncodedValue(); // When the next one is due.

        HashSet<string> serials = [];
        if (body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            AsnReader entries = body.ReadSequence();
            while (entries.HasData)
                serials.Add(Normalize(entries.ReadSequence().ReadIntegerBytes().Span));
        }

        bool isSigned = authorities.Any(authority =>
            authority.SubjectName.RawData.AsSpan().SequenceEqual(issuer)
            && IsSignedBy(authority, signed.Span, signature, algorithm));
        return isSigned
            ? new RevocationList(issuer, serials)
            : throw new CryptographicException("None of the trusted authorities signed the revocation list.");
    }

    private static bool IsSignedBy(
        X509Certificate2 authority, ReadOnlySpan<byte> signed, byte[] signature, string algorithm)
    {
        HashAlgorithmName hash = algorithm switch
        {
            "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
            "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
            "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
            _ => throw new CryptographicException($"The revocation list is signed with {algorithm}, not RSA or ECDSA."),
        };

        using RSA? rsa = authority.GetRSAPublicKey();
        if (rsa is not null)
            return rsa.VerifyData(signed, signature, hash, RSASignaturePadding.Pkcs1);

        using ECDsa? ecdsa = authority.GetECDsaPublicKey();
        return ecdsa?.VerifyData(signed, signature, hash, DSASignatureFormat.Rfc3279DerSequence) ?? false;
    }

    private static string Normalize(ReadOnlySpan<byte> serial) => Convert.ToHexString(serial.TrimStart((byte)0));
}
