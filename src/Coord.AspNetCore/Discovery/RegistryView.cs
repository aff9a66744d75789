using Coord.Kv;

namespace Coord.AspNetCore.Discovery;

/// <summary>A token and its members at one revision.</summary>
/// <param name="Revision">The revision.</param>
/// <param name="Size">The key of its size; null if there is no such token, or it has expired.</param>
/// <param name="WasSealed">Whether a member has left since all places were taken.</param>
/// <param name="Members">The members in the order of their registration.</param>
internal sealed record RegistryView(
    Revision Revision, KeyValue? Size, bool WasSealed, IReadOnlyList<KeyValue> Members)
{
    /// <summary>Whether there was such a token, if there is none.</summary>
    public bool IsExpired { get; init; }

    /// <summary>Why there is no such token.</summary>
    public Registry.Outcome Absence =>
        IsExpired ? Registry.Outcome.ExpiredToken : Registry.Outcome.UnknownToken;

    /// <summary>Whether all places have been taken once: from then on nobody gets one any more.</summary>
    public bool IsSealed => WasSealed || Members.Count >= Places;

    /// <summary>How many places there are.</summary>
    public long Places => long.TryParse(Size?.ValueString, out long size) ? size : 0;

    /// <summary>Returns a member by its id, or null.</summary>
    public KeyValue? Find(string token, string member)
    {
        string key = Registry.MemberPrefix(token) + member;
        return Members.FirstOrDefault(candidate => candidate.KeyString == key);
    }
}
