using Coord.AspNetCore.Handlers;
using Coord.Protocol.Sessions;
using Coord.Raft;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>Sessions over gRPC: what Coord's own clients use, so that a write can be sent again.</summary>
internal sealed class SessionService(EtcdMember member) : Session.SessionBase
{
    public override async Task<OpenSessionResponse> Open(OpenSessionRequest request, ServerCallContext context)
    {
        OpenSessionResponse response = new() { ClusterId = member.Options.ClusterId.Value };
        if (!request.Probe)
        {
            ClientSession session =
                await member.Node.OpenSessionAsync(context.CancellationToken).ConfigureAwait(false);
            response.Session = session.Id;
        }

        return response;
    }
}
