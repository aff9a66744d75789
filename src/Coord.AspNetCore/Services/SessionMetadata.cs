using System.Globalization;
using Coord.AspNetCore.Handlers;
using Coord.Raft;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>Reads the place in a session that a write may carry; see coord.proto.</summary>
internal static class SessionMetadata
{
    private const string Key = "coord-session";
    private const int Numbers = 4;

    /// <summary>Finds a write's place in a session; that of no session if it carries none.</summary>
    /// <exception cref="EtcdException">
    /// It is malformed, or from another cluster, where the number of the session means something else.
    /// </exception>
    public static SessionTicket TicketOf(ServerCallContext context, EtcdMember member)
    {
        if (context.RequestHeaders.GetValue(Key) is not { } text)
            return default;

        Span<ulong> numbers = stackalloc ulong[Numbers];
        if (!TryParse(text, numbers) || numbers[1] == 0 || numbers[2] == 0 || numbers[3] > numbers[2])
            throw EtcdError.BadSession.ToException();
        if (numbers[0] != member.Options.ClusterId.Value)
            throw EtcdError.SessionExpired.ToException();

        return new(numbers[1], numbers[2], numbers[3]);
    }

    private static bool TryParse(ReadOnlySpan<char> text, Span<ulong> numbers)
    {
        int count = 0;
        foreach (Range part in text.Split('.'))
        {
            if (count == numbers.Length || !ulong.TryParse(
                text[part], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out numbers[count]))
            {
                return false;
            }

            count++;
        }

        return count == numbers.Length;
    }
}
