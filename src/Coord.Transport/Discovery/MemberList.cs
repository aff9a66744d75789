namespace Coord.Transport.Discovery;

/// <summary>Reads lists of members: <c>n1=http://host:port,n2=...</c>. A name that comes again adds a URL.</summary>
/// <remarks>They come from strangers too, so everything about them is bounded.</remarks>
internal static class MemberList
{
    public const int MaxMembers = 1_000;
    public const int MaxUrlsOfMember = 16;
    public const int MaxNameLength = 256;
    private const int MaxLength = 256 << 10;

    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength
        && !name.Any(c => c is ',' or '=' || char.IsControl(c))
        && name.Trim() == name;

    /// <summary>Reads a list.</summary>
    /// <param name="text">The list.</param>
    /// <param name="members">The members in the order of their first URLs.</param>
    /// <param name="problem">What is wrong, to continue the sentence "The list ...".</param>
    public static bool TryParse(string text, out List<NamedUrls> members, out string problem)
    {
        members = [];
        problem = $"has more than {MaxLength} characters.";
        if (text.Length > MaxLength)
            return false;

        Dictionary<string, List<string>> byName = [];
        HashSet<string> urls = [];
        foreach (string pair in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryAdd(pair, byName, urls, members, out problem))
                return false;
        }

        problem = "is empty; a member is written as name=http://host:port.";
        return members.Count > 0;
    }

    private static bool TryAdd(
        string pair, Dictionary<string, List<string>> byName, HashSet<string> urls, List<NamedUrls> members,
        out string problem)
    {
        int equals = pair.IndexOf('=', StringComparison.Ordinal);
        problem = $"has '{Shown(pair)}'; a member is written as name=http://host:port.";
        if (equals <= 0 || !IsName(pair[..equals]) || !PeerUrl.TryParse(pair[(equals + 1)..], out PeerUrl? url))
            return false;

        problem = $"has {url} twice; each member needs addresses of its own.";
        if (!urls.Add(url.ToString()))
            return false;

        string name = pair[..equals];
        if (!byName.TryGetValue(name, out List<string>? own))
        {
            problem = $"has more than {MaxMembers} members.";
            if (members.Count == MaxMembers)
                return false;
            byName.Add(name, own = []);
            members.Add(new NamedUrls(name, own));
        }

        problem = $"has more than {MaxUrlsOfMember} URLs for '{name}'.";
        own.Add(url.ToString());
        return own.Count <= MaxUrlsOfMember;
    }

    /// <summary>What a stranger wrote goes into logs: short, and on one line.</summary>
    internal static string Shown(string text)
    {
        const int Most = 80;
        string line = string.Concat(text.Take(Most).Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length > Most ? line + "..." : line;
    }
}
