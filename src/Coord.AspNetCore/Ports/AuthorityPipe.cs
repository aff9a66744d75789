using System.IO.Pipelines;

namespace Coord.AspNetCore.Ports;

/// <summary>A connection's two directions, of which one was replaced.</summary>
internal sealed record AuthorityPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
