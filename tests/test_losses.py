"""The losses are zero where nothing is wrong, and right where the answer is known."""

from __future__ import annotations

import math

import pytest
import torch

from fexgan import losses
from fexgan.affects import AFFECTS, NEUTRAL_INDEX, Mixture, affect_index, affect_vector


def labels(affect: str, strength: float, full: float = 0.5) -> torch.Tensor:
    return losses.soft_labels(torch.tensor([affect_index(affect)]), torch.tensor([strength]), full, NEUTRAL_INDEX)[0]


def test_the_same_picture_costs_no_reconstruction():
    images = torch.rand(2, 3, 8, 8)
    assert losses.reconstruction(images, images) == 0
    assert losses.reconstruction(torch.ones(1, 3, 2, 2), -torch.ones(1, 3, 2, 2)) == 2


def test_the_face_counts_more_than_the_rim_and_all_pixels_one_on_average():
    weights = losses.face_weights(64, face_fraction=0.5, centre_y=0.6, weight=3.0)
    row, column = divmod(int(weights.argmax()), 64)
    assert weights.mean().item() == pytest.approx(1.0)
    assert (row, column) in {(37, 31), (37, 32), (38, 31), (38, 32)}  # half the width, 0.6 of the height
    assert (weights.max() / weights[0, 0]).item() == pytest.approx(4.0, rel=0.02)
    here, there = torch.zeros(1, 3, 64, 64), torch.zeros(1, 3, 64, 64)
    here[..., row, column], there[..., 0, 0] = 1.0, 1.0
    truth = torch.zeros(1, 3, 64, 64)
    assert losses.reconstruction(here, truth, weights) > 3.9 * losses.reconstruction(there, truth, weights)
    assert losses.reconstruction(here, truth) == losses.reconstruction(there, truth)


def test_a_standard_normal_costs_no_divergence():
    assert losses.kl_divergence(torch.zeros(3, 5), torch.zeros(3, 5)) == 0


def test_divergence_is_torchs_own_summed_over_the_latent_and_averaged_over_the_batch():
    latent_mean, latent_log_sigma = torch.randn(4, 6), torch.randn(4, 6)
    normal = torch.distributions.Normal(latent_mean, latent_log_sigma.exp())
    expected = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(losses.kl_divergence(latent_mean, latent_log_sigma), expected)


def test_a_sure_and_right_verdict_costs_nothing_and_an_undecided_one_costs_log_two():
    assert losses.adversarial(torch.full((3,), 200.0), real=True) == 0
    assert losses.adversarial(torch.full((3,), -200.0), real=False) == 0
    assert losses.adversarial(torch.full((3,), -200.0), real=True) == 200
    assert losses.adversarial(torch.zeros(3), real=True).item() == pytest.approx(math.log(2))


def test_naming_the_label_costs_its_own_uncertainty_and_no_more():
    sure = torch.eye(7)[:3]
    assert losses.classification(sure * 200, sure) == 0
    half = torch.tensor([[0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]])
    assert losses.classification(half.clamp(min=1e-30).log(), half).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("affect", AFFECTS)
@pytest.mark.parametrize("strength", [0.0, 0.2, 0.5, 1.0, math.nan])
def test_labels_are_distributions(affect, strength):
    label = labels(affect, strength)
    assert label.sum().item() == pytest.approx(1.0)
    assert label.min() >= 0


def test_labels_grow_with_strength_up_to_certainty_and_leave_the_rest_to_neutral():
    assert labels("joy", 0.2)[affect_index("joy")].item() == pytest.approx(0.4)
    assert labels("joy", 0.2)[NEUTRAL_INDEX].item() == pytest.approx(0.6)
    assert labels("joy", 0.5)[affect_index("joy")] == labels("joy", 1.0)[affect_index("joy")] == 1
    assert labels("joy", math.nan)[affect_index("joy")] == 1
    assert labels("joy", 0.0)[NEUTRAL_INDEX] == labels("neutral", 1.0)[NEUTRAL_INDEX] == 1


def test_a_sum_weighs_every_loss_by_its_name():
    parts = {"kl": torch.tensor(1.0), "adversarial": torch.tensor(10.0)}
    assert losses.weighted_sum(parts, {"adversarial": 3.0, "kl": 2.0, "edges": 100.0}) == 32.0


def test_without_weights_every_verdict_is_compared_with_its_counterpart_alone_and_counts_alike():
    logits, others = torch.tensor([200.0, 0.0, -3.0]), torch.tensor([0.0, 200.0, -3.0])
    expected = (0 + 200 + math.log(2)) / 3
    assert losses.relativistic(logits, others).item() == pytest.approx(expected)
    shifted = losses.relativistic(logits + 5, others + 5)  # how real both are makes no difference
    torch.testing.assert_close(shifted, losses.relativistic(logits, others))


def test_the_gradient_penalty_is_the_squared_slope_and_a_flat_discriminator_pays_none():
    images = torch.rand(2, 3, 4, 4, requires_grad=True)
    slope = torch.zeros(3, 4, 4)
    slope[0, 0, 0], slope[2, 3, 1] = 3.0, -4.0
    logits = (images * slope).sum(dim=(1, 2, 3))
    assert losses.gradient_penalty(logits, images).item() == pytest.approx(25.0)
    assert losses.gradient_penalty(logits * torch.tensor([0.0, 1.0]), images).item() == pytest.approx(12.5)
    assert losses.gradient_penalty(0.0 * logits, images) == 0


def test_the_gradient_penalty_can_be_learned_from():
    images, weight = torch.rand(2, 3, 4, 4, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    losses.gradient_penalty(weight * images.sum(dim=(1, 2, 3)), images).backward()
    assert weight.grad.item() == pytest.approx(2 * 2.0 * 3 * 4 * 4)


def test_under_batch_norm_the_gradient_penalty_is_of_all_verdicts_together():
    images, norm = torch.rand(4, 3, 2, 2, requires_grad=True), torch.nn.BatchNorm2d(3)
    apart = losses.gradient_penalty(norm.eval()(images).sum(dim=(1, 2, 3)), images)
    assert apart.item() == pytest.approx(12.0, rel=1e-3)  # each of 12 numbers moves the verdict on its own picture
    together = losses.gradient_penalty(norm.train()(images).sum(dim=(1, 2, 3)), images)
    assert together.item() == pytest.approx(0.0, abs=1e-6), "verdicts that always sum to the same are flat"


def test_naming_an_affect_jointly_takes_naming_whether_the_picture_is_real():
    labels = torch.eye(7)[:2]
    nowhere = torch.zeros_like(labels)
    as_real = torch.cat([labels, nowhere], dim=1) * 200
    assert losses.joint_classification(as_real, labels, real=True) == 0
    assert losses.joint_classification(as_real, labels, real=False) == 200
    undecided = losses.joint_classification(torch.zeros(2, 14), labels, real=True)
    assert undecided.item() == pytest.approx(math.log(14))


def test_pictures_betray_themselves_by_the_lead_of_generated_over_real_in_the_labelled_affect_alone():
    labels = torch.eye(7)[:2]
    logits = torch.randn(2, 14)
    told = (logits[0, 7] - logits[0, 0] + logits[1, 8] - logits[1, 1]) / 2
    torch.testing.assert_close(losses.joint_betrayal(logits, labels), told)
    assert losses.joint_betrayal(logits[:, :7].repeat(1, 2), labels).item() == pytest.approx(0.0, abs=1e-6)


def test_equal_feature_maps_do_not_differ_and_every_stage_counts_alike():
    maps = [torch.rand(2, 4, 8, 8), torch.rand(2, 8, 4, 4)]
    assert losses.feature_difference(maps, maps) == 0
    off = [maps[0] + 1.0, maps[1] - 3.0]
    assert losses.feature_difference(off, maps).item() == pytest.approx(2.0)


def test_labels_of_one_emotion_as_a_vector_are_those_of_its_strength():
    for strength in (0.0, 0.2, 0.5, 1.0):
        vector = torch.tensor([affect_vector("joy", strength)])
        torch.testing.assert_close(losses.mixture_labels(vector, 0.5, NEUTRAL_INDEX)[0], labels("joy", strength))


def test_a_mixture_shares_its_label_by_strength():
    vector = torch.tensor(
        [Mixture.parse("anger:0.6+sadness:0.2").vector(), Mixture.parse("anger:0.1+fear:0.1").vector()]
    )
    strong, faint = losses.mixture_labels(vector, 0.5, NEUTRAL_INDEX)
    torch.testing.assert_close(strong[affect_index("anger")], torch.tensor(0.75))
    assert strong[NEUTRAL_INDEX].item() == pytest.approx(0.0, abs=1e-6)
    assert faint[NEUTRAL_INDEX].item() == pytest.approx(0.6)
    assert faint.sum().item() == pytest.approx(1.0)


def test_changed_pixels_count_more_and_meeting_the_truth_costs_nothing():
    source = torch.zeros(1, 3, 2, 2)
    target = source.clone()
    target[0, 1, 0, 0] = 0.5
    assert losses.changed_reconstruction(target, target, source, 5.0, 0.1) == 0
    plain = losses.reconstruction(source, target)
    torch.testing.assert_close(losses.changed_reconstruction(source, target, source, 5.0, 0.1), 5.0 * plain)
    torch.testing.assert_close(losses.changed_reconstruction(source, target, source, 5.0, 0.6), plain)


def test_gradients_differ_at_edges_alone():
    step = torch.zeros(1, 1, 4, 4)
    step[..., 2:] = 1.0
    assert losses.total_variation(step).item() == pytest.approx(1 / 3)  # one of three neighbours across, none down
    assert losses.gradient_difference(step + 0.5, step) == 0
    assert losses.gradient_difference(torch.zeros_like(step), step).item() == pytest.approx(1 / 3)


def test_reading_nothing_is_worse_than_reading_what_is_there():
    affect = torch.tensor([[0.0, 0.0, 0.0, 0.7, 0.3, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
    told = losses.reading(affect, affect, NEUTRAL_INDEX)
    assert told < losses.reading((affect - 0.2).clamp(0.01), affect, NEUTRAL_INDEX)
    assert told < losses.reading(torch.full_like(affect, 0.01), affect, NEUTRAL_INDEX)


def test_reading_leaves_neutral_out():
    affect = torch.zeros(2, 7)
    read = affect.clone()
    read[:, NEUTRAL_INDEX] = 1.0
    assert losses.reading(read, affect, NEUTRAL_INDEX) == 0


def test_a_patch_is_compared_with_its_counterpart_alone_and_counts_by_its_weight():
    logits, others = torch.tensor([[200.0, 0.0, 0.0]]), torch.tensor([[0.0, 200.0, 0.0]])
    told, mistaken, even = torch.eye(3).unsqueeze(1)
    assert losses.relativistic(logits, others, told) == 0
    assert losses.relativistic(logits, others, mistaken) == 200
    assert losses.relativistic(logits, others, 0.1 * even).item() == pytest.approx(math.log(2))
    assert losses.relativistic(logits, others, told + 3 * mistaken) == 150
    assert losses.relativistic(logits, others, torch.zeros(1, 3)) == 0
