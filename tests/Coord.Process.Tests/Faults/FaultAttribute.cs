using Xunit.Abstractions;
using Xunit.Sdk;

namespace Coord.Process.Tests.Faults;

/// <summary>Says which fault of the catalogue a test shows: a row in the table of <c>./build.sh faults</c>.</summary>
/// <remarks>It is a trait as well, <c>Fault=D22</c>, by which the rows of a run are chosen.</remarks>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
[TraitDiscoverer("Coord.Process.Tests.Faults." + nameof(FaultDiscoverer), "Coord.Process.Tests")]
internal sealed class FaultAttribute(string row, string scenario, string expected) : Attribute, ITraitAttribute
{
    public string Row { get; } = row;

    public string Scenario { get; } = scenario;

    public string Expected { get; } = expected;
}

/// <summary>Tells xunit the traits of <see cref="FaultAttribute"/>.</summary>
internal sealed class FaultDiscoverer : ITraitDiscoverer
{
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute) =>
        [new("Fault", (string)traitAttribute.GetConstructorArguments().First()), new("Category", "Faults")];
}
