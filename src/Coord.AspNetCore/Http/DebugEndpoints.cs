using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Http;

/// <summary>Two paths that etcd has and scripts probe.</summary>
internal static class DebugEndpoints
{
    /// <summary><c>/debug/vars</c>: what the process holds.</summary>
    public static async Task VarsAsync(HttpContext context)
    {
        if (await PlainAnswer.RefusedAsync(context, HttpMethods.Get).ConfigureAwait(false))
            return;

        string body = string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {
            "memstats": {"Alloc":{{GC.GetTotalMemory(forceFullCollection: false)}},"Sys":{{Environment.WorkingSet}}}
            }

            """);
        await PlainAnswer.WriteAsync(context, StatusCodes.Status200OK, "application/json; charset=utf-8", body)
            .ConfigureAwait(false);
    }

    /// <summary><c>/config/local/log</c>: etcd changes its log level here; this server's is set at the start.</summary>
    public static async Task LogLevelAsync(HttpContext context)
    {
        if (await PlainAnswer.RefusedAsync(context, HttpMethods.Put).ConfigureAwait(false))
            return;

        await PlainAnswer.WriteAsync(
            context, StatusCodes.Status501NotImplemented, PlainAnswer.Text, "The log level is set at the start.\n")
            .ConfigureAwait(false);
    }
}
