using Xunit.Abstractions;
using Xunit.Sdk;

namespace Coord.Contract.Tests.Harness;

/// <summary>A promise that every store keeps. Skipped, with the reason, for a store that cannot be run here.</summary>
[XunitTestCaseDiscoverer("Coord.Contract.Tests.Harness.ContractDiscoverer", "Coord.Contract.Tests")]
internal sealed class ContractFactAttribute : FactAttribute;

/// <summary>Makes test cases that ask the class of the store whether it can be run.</summary>
internal sealed class ContractDiscoverer(IMessageSink sink) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        yield return new ContractTestCase(
            sink,
            discoveryOptions.MethodDisplayOrDefault(),
            discoveryOptions.MethodDisplayOptionsOrDefault(),
            testMethod);
    }
}

internal sealed class ContractTestCase : XunitTestCase
{
    [Obsolete("For deserialization.")]
    public ContractTestCase()
    {
    }

    public ContractTestCase(
        IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method)
        : base(sink, display, options, method)
    {
    }

    protected override string? GetSkipReason(IAttributeInfo factAttribute) =>
        TestMethod.TestClass.Class.ToRuntimeType().Name.StartsWith("Etcd", StringComparison.Ordinal)
            ? EtcdServer.SkipReason : null;
}
