using System.Text.Json;
using Coord.AspNetCore.Handlers;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Http;

/// <summary><c>/version</c>: which etcd this is to its clients.</summary>
internal sealed class VersionEndpoint(EtcdMember member)
{
    /// <summary>Returns the version that all members of a cluster have in common: without the last number.</summary>
    public static string ClusterVersion(EtcdApiOptions options) =>
        Version.TryParse(options.ServerVersion.Split('-')[0], out Version? version)
            ? $"{version.Major}.{version.Minor}.0"
            : options.ServerVersion;

    public async Task InvokeAsync(HttpContext context)
    {
        if (await PlainAnswer.RefusedAsync(context, HttpMethods.Get).ConfigureAwait(false))
            return;

        string server = JsonEncodedText.Encode(member.Options.ServerVersion).ToString();
        string cluster = JsonEncodedText.Encode(ClusterVersion(member.Options)).ToString();
        await PlainAnswer.WriteAsync(
            context,
            StatusCodes.Status200OK,
            PlainAnswer.Json,
            $$"""{"etcdserver":"{{server}}","etcdcluster":"{{cluster}}"}""").ConfigureAwait(false);
    }
}
