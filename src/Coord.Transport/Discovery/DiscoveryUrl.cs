using System.Diagnostics.CodeAnalysis;

namespace Coord.Transport.Discovery;

/// <summary>The URL of a token. It prints without the secret.</summary>
internal sealed class DiscoveryUrl
{
    private const int MaxLength = 2_048;
    private const int ShownDigits = 4;

    private DiscoveryUrl(string text, Uri uri)
    {
        Text = text;
        Base = uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        string token = Base[(Base.LastIndexOf('/') + 1)..];
        LastDigits = token.Length > 2 * ShownDigits ? token[^ShownDigits..] : "";
        Service = uri.GetLeftPart(UriPartial.Authority);
    }

    /// <summary>What was given: all nodes hash this text, so it must not be changed in any way.</summary>
    public string Text { get; }

    /// <summary>Where the token's keys are, without a slash at the end.</summary>
    public string Base { get; }

    /// <summary>Which service this is, without the token.</summary>
    public string Service { get; }

    /// <summary>By what an operator recognises the token.</summary>
    public string LastDigits { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out DiscoveryUrl? url)
    {
        url = null;
        if (text.Length > MaxLength || !Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
            || uri.Scheme is not ("http" or "https") || uri.Query.Length > 0 || uri.Fragment.Length > 0
            || uri.AbsolutePath.Trim('/').Length == 0)
        {
            return false;
        }

        url = new DiscoveryUrl(text, uri);
        return true;
    }

    public override string ToString() => $"the token ...{LastDigits} at {Service}";
}
