namespace Coord.AspNetCore.Direct;

/// <summary>What a client of HTTP/2 begins with.</summary>
internal static class Http2Preface
{
    public const int Length = 24;
}
