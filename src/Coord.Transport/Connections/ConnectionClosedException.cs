namespace Coord.Transport.Connections;

/// <summary>A connection ends for a reason that both ends can log.</summary>
internal sealed class ConnectionClosedException(string reason) : Exception(reason);
