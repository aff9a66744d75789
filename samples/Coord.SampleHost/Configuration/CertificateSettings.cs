namespace Coord.SampleHost.Configuration;

/// <summary>The files that secure one of the two ports.</summary>
internal sealed record CertificateSettings(
    string CertFile, string KeyFile, string TrustedCaFile, bool ClientCertAuth, string CrlFile, bool AutoTls)
{
    public bool HasCertificate => CertFile.Length > 0;

    /// <summary>Reads the flags that begin with a prefix and checks them against the URLs of the port.</summary>
    /// <param name="values">What was given.</param>
    /// <param name="prefix">Empty for the client port, <c>peer-</c> for the other.</param>
    /// <param name="listen">Where the port listens.</param>
    /// <param name="urlFlag">The flag that says so.</param>
    public static CertificateSettings From(GivenValues values, string prefix, PortUrl[] listen, string urlFlag)
    {
        string certFile = prefix + "cert-file", keyFile = prefix + "key-file";
        string caFile = prefix + "trusted-ca-file", crlFile = prefix.Length > 0 ? "peer-crl-file" : "client-crl-file";
        CertificateSettings settings = new(
            values[certFile], values[keyFile], values[caFile],
            values.Switch(prefix + "client-cert-auth"), values[crlFile], values.Switch(prefix + "auto-tls"));

        bool tls = listen.Any(url => url.IsTls);
        if (settings.HasCertificate != values.Has(keyFile))
            throw HostException.Usage($"--{certFile} and --{keyFile} belong together; only one of them is given.");
        if (tls && !settings.HasCertificate && !settings.AutoTls)
            throw values.Wrong(urlFlag, $"has an https URL; --{certFile} and --{keyFile} are needed for it.");
        if (!tls && (settings.HasCertificate || settings.AutoTls || settings.ClientCertAuth))
            values.Warn($"Certificates are given, but {values.PlaceOf(urlFlag)} has only http: nothing is encrypted.");
        if (settings.ClientCertAuth && !values.Has(caFile) && tls)
            throw values.Wrong(prefix + "client-cert-auth", $"needs --{caFile}: whose certificates to accept.");

        foreach (string flag in (string[])[certFile, keyFile, caFile, crlFile])
        {
            if (tls && values.Has(flag) && !File.Exists(values[flag]))
                throw values.Wrong(flag, $"names {values[flag]}, and there is no such file.");
        }

        return settings;
    }
}
