namespace Coord.AspNetCore.Handlers;

/// <summary>What a handler throws for whatever goes wrong; each face of the API writes it in its own way.</summary>
internal sealed class EtcdException(EtcdError error, Exception? cause = null) : Exception(error.Text, cause)
{
    public EtcdError Error { get; } = error;
}
