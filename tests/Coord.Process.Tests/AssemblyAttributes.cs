// One cluster at a time: what is measured in seconds must not compete with another test for the processor.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
