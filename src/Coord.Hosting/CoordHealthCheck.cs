using Coord.Raft;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Coord.Hosting;

/// <summary>
/// Healthy while the node runs and knows a leader, so that writes and linearizable reads can succeed.
/// </summary>
internal sealed class CoordHealthCheck(RaftNode node) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        RaftStatus status = node.Status;
        Dictionary<string, object> data = new()
        {
            ["node"] = status.Id.ToString(),
            ["role"] = status.Role.ToString(),
            ["term"] = status.Term.Value,
            ["leader"] = status.Leader.ToString(),
            ["applied"] = status.Applied.Value,
        };
        return Task.FromResult(
            node.Completion.IsCompleted ? Failed("The node has stopped.", node.Completion.Exception?.InnerException)
            : status.Leader.IsNone ? Failed("The node knows no leader.", null)
            : HealthCheckResult.Healthy($"The leader is {status.Leader}.", data));

        HealthCheckResult Failed(string description, Exception? exception) =>
            new(context.Registration.FailureStatus, description, exception, data);
    }
}
