using Coord.Raft;
using Microsoft.Extensions.Options;

namespace Coord.Hosting;

/// <summary>
/// Checks the options of a node when the host starts: each layer's own rules, and those between them.
/// </summary>
internal sealed class CoordOptionsValidator : IValidateOptions<CoordOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, CoordOptions options)
    {
        List<string> problems = [.. options.Raft.Validate(), .. options.KeyValue.Validate()];
        if (options.KeyValue.MaxRequestBytes > options.Raft.MaxCommandBytes)
        {
            problems.Add(
                $"KeyValue.MaxRequestBytes ({options.KeyValue.MaxRequestBytes}) must be at most"
                + $" Raft.MaxCommandBytes ({options.Raft.MaxCommandBytes}).");
        }

        if (options.LeadershipHandOverTimeout < TimeSpan.Zero)
            problems.Add("LeadershipHandOverTimeout must not be negative.");

        if ((options.Bootstrap is null) != (options.BootstrapNode is null))
            problems.Add("Bootstrap and BootstrapNode belong together; only one of them is set.");

        if (options.InitialMembers.Count > 1)
        {
            foreach (Member member in options.InitialMembers)
            {
                if (string.IsNullOrWhiteSpace(member.Address))
                    problems.Add($"InitialMembers must give an address to each member; {member.Id} has none.");
            }
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
