using System.Buffers;

namespace Coord.AspNetCore.Discovery;

/// <summary>What a path below the service names: a token, its size, or a member. There is nothing else.</summary>
/// <param name="Token">32 hexadecimal digits.</param>
/// <param name="Member">The member's id; empty if the path names none.</param>
/// <param name="IsSize">Whether it is the size of the token's cluster.</param>
internal readonly record struct TokenPath(string Token, string Member, bool IsSize)
{
    public const int TokenDigits = 32;
    public const string SizePath = "_config/size";
    private const int MaxMemberLength = 64;
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    private static readonly SearchValues<char> MemberLetters =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.");

    /// <summary>Reads a path without a slash at its start.</summary>
    public static bool TryParse(string path, out TokenPath parsed)
    {
        parsed = default;
        if (path.Length < TokenDigits || path.AsSpan(0, TokenDigits).ContainsAnyExcept(Hex))
            return false;

        string token = path[..TokenDigits];
        string rest = path[TokenDigits..];
        if (rest is "" or "/")
        {
            parsed = new TokenPath(token, "", false);
            return true;
        }

        if (rest == "/" + SizePath)
        {
            parsed = new TokenPath(token, "", true);
            return true;
        }

        ReadOnlySpan<char> member = rest.AsSpan(1);
        bool isMember = rest[0] == '/' && member.Length is > 0 and <= MaxMemberLength
            && member[0] is not '_' && !member.ContainsAnyExcept(MemberLetters) && member is not "." and not "..";
        parsed = new TokenPath(token, isMember ? member.ToString() : "", false);
        return isMember;
    }
}
