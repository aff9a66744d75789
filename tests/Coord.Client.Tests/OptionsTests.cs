using Coord.Kv;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Coord.Client.Tests;

/// <summary>Wrong options are told at once, and right ones reach the client.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void Every_problem_is_named()
    {
        CoordClientOptions options = new()
        {
            KeyFile = "key.pem",
            RequestTimeout = TimeSpan.Zero,
            KeepAliveInterval = TimeSpan.Zero,
            MaxWatchBufferEvents = 0,
        };
        Assert.Equal(5, options.Validate().Count);
        options.Endpoints.Add("ftp://x");
        Assert.Contains(options.Validate(), problem => problem.Contains("ftp://x", StringComparison.Ordinal));
        Assert.Throws<ArgumentException>(() => new CoordClient(options));
    }

    [Fact]
    public async Task A_container_gives_one_client_as_the_store()
    {
        ServiceCollection services = new();
        services.AddCoordClient(options => options.Endpoints.Add("127.0.0.1:1"));
        await using ServiceProvider provider = services.BuildServiceProvider();
        CoordClient client = provider.GetRequiredService<CoordClient>();
        Assert.Same(client, provider.GetRequiredService<IKeyValueStore>());
        Assert.Equal(["127.0.0.1:1"], client.Endpoints);

        services = new();
        services.AddCoordClient(_ => { });
        await using ServiceProvider wrong = services.BuildServiceProvider();
        Assert.Throws<OptionsValidationException>(wrong.GetRequiredService<CoordClient>);
    }
}
