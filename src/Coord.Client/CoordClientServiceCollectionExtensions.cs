using Coord.Client;
using Coord.Kv;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the client in a service collection.</summary>
public static class CoordClientServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="CoordClient"/>, which is also the <see cref="IKeyValueStore"/>.</summary>
    /// <param name="services">The collection to add to.</param>
    /// <param name="configure">Sets the options; the endpoints at least.</param>
    /// <returns>The collection.</returns>
    /// <example>
    /// <code>
    /// builder.Services.AddCoordClient(o => o.Endpoints.Add("http://10.0.0.1:2379"));
    /// </code>
    /// </example>
    public static IServiceCollection AddCoordClient(
        this IServiceCollection services, Action<CoordClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<CoordClientOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<CoordClientOptions>, CoordClientOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new CoordClient(
            provider.GetRequiredService<IOptions<CoordClientOptions>>().Value,
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IKeyValueStore>(provider => provider.GetRequiredService<CoordClient>());
        return services;
    }

    private sealed class CoordClientOptionsValidator : IValidateOptions<CoordClientOptions>
    {
        public ValidateOptionsResult Validate(string? name, CoordClientOptions options) =>
            options.Validate() is { Count: > 0 } problems
                ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }
}
